; ModuleID = '__compute_module_broadcast_divide_fusion_kernel_module'
source_filename = "__compute_module_broadcast_divide_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_divide_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
broadcast_divide_fusion_wrapped.exit:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  %8 = load i32, ptr %5, align 4, !invariant.load !3, !alias.scope !9, !noalias !13
  %9 = sitofp i32 %8 to float
  %10 = load float, ptr %3, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %11 = fdiv float %9, %10
  store float %11, ptr %7, align 4, !alias.scope !11, !noalias !15
  %12 = getelementptr inbounds nuw i8, ptr %3, i64 4
  %13 = load float, ptr %12, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %14 = fdiv float %9, %13
  %15 = getelementptr inbounds nuw i8, ptr %7, i64 4
  store float %14, ptr %15, align 4, !alias.scope !11, !noalias !15
  %16 = getelementptr inbounds nuw i8, ptr %3, i64 8
  %17 = load float, ptr %16, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %18 = fdiv float %9, %17
  %19 = getelementptr inbounds nuw i8, ptr %7, i64 8
  store float %18, ptr %19, align 4, !alias.scope !11, !noalias !15
  %20 = getelementptr inbounds nuw i8, ptr %3, i64 12
  %21 = load float, ptr %20, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %22 = fdiv float %9, %21
  %23 = getelementptr inbounds nuw i8, ptr %7, i64 12
  store float %22, ptr %23, align 4, !alias.scope !11, !noalias !15
  %24 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %25 = load float, ptr %24, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %26 = fdiv float %9, %25
  %27 = getelementptr inbounds nuw i8, ptr %7, i64 16
  store float %26, ptr %27, align 4, !alias.scope !11, !noalias !15
  %28 = getelementptr inbounds nuw i8, ptr %3, i64 20
  %29 = load float, ptr %28, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %30 = fdiv float %9, %29
  %31 = getelementptr inbounds nuw i8, ptr %7, i64 20
  store float %30, ptr %31, align 4, !alias.scope !11, !noalias !15
  %32 = getelementptr inbounds nuw i8, ptr %3, i64 24
  %33 = load float, ptr %32, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %34 = fdiv float %9, %33
  %35 = getelementptr inbounds nuw i8, ptr %7, i64 24
  store float %34, ptr %35, align 4, !alias.scope !11, !noalias !15
  %36 = getelementptr inbounds nuw i8, ptr %3, i64 28
  %37 = load float, ptr %36, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %38 = fdiv float %9, %37
  %39 = getelementptr inbounds nuw i8, ptr %7, i64 28
  store float %38, ptr %39, align 4, !alias.scope !11, !noalias !15
  %40 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %41 = load float, ptr %40, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %42 = fdiv float %9, %41
  %43 = getelementptr inbounds nuw i8, ptr %7, i64 32
  store float %42, ptr %43, align 4, !alias.scope !11, !noalias !15
  %44 = getelementptr inbounds nuw i8, ptr %3, i64 36
  %45 = load float, ptr %44, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %46 = fdiv float %9, %45
  %47 = getelementptr inbounds nuw i8, ptr %7, i64 36
  store float %46, ptr %47, align 4, !alias.scope !11, !noalias !15
  %48 = getelementptr inbounds nuw i8, ptr %3, i64 40
  %49 = load float, ptr %48, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %50 = fdiv float %9, %49
  %51 = getelementptr inbounds nuw i8, ptr %7, i64 40
  store float %50, ptr %51, align 4, !alias.scope !11, !noalias !15
  %52 = getelementptr inbounds nuw i8, ptr %3, i64 44
  %53 = load float, ptr %52, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %54 = fdiv float %9, %53
  %55 = getelementptr inbounds nuw i8, ptr %7, i64 44
  store float %54, ptr %55, align 4, !alias.scope !11, !noalias !15
  %56 = getelementptr inbounds nuw i8, ptr %3, i64 48
  %57 = load float, ptr %56, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %58 = fdiv float %9, %57
  %59 = getelementptr inbounds nuw i8, ptr %7, i64 48
  store float %58, ptr %59, align 4, !alias.scope !11, !noalias !15
  %60 = getelementptr inbounds nuw i8, ptr %3, i64 52
  %61 = load float, ptr %60, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %62 = fdiv float %9, %61
  %63 = getelementptr inbounds nuw i8, ptr %7, i64 52
  store float %62, ptr %63, align 4, !alias.scope !11, !noalias !15
  %64 = getelementptr inbounds nuw i8, ptr %3, i64 56
  %65 = load float, ptr %64, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %66 = fdiv float %9, %65
  %67 = getelementptr inbounds nuw i8, ptr %7, i64 56
  store float %66, ptr %67, align 4, !alias.scope !11, !noalias !15
  %68 = getelementptr inbounds nuw i8, ptr %3, i64 60
  %69 = load float, ptr %68, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %70 = fdiv float %9, %69
  %71 = getelementptr inbounds nuw i8, ptr %7, i64 60
  store float %70, ptr %71, align 4, !alias.scope !11, !noalias !15
  %72 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %73 = load float, ptr %72, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %74 = fdiv float %9, %73
  %75 = getelementptr inbounds nuw i8, ptr %7, i64 64
  store float %74, ptr %75, align 4, !alias.scope !11, !noalias !15
  %76 = getelementptr inbounds nuw i8, ptr %3, i64 68
  %77 = load float, ptr %76, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %78 = fdiv float %9, %77
  %79 = getelementptr inbounds nuw i8, ptr %7, i64 68
  store float %78, ptr %79, align 4, !alias.scope !11, !noalias !15
  %80 = getelementptr inbounds nuw i8, ptr %3, i64 72
  %81 = load float, ptr %80, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %82 = fdiv float %9, %81
  %83 = getelementptr inbounds nuw i8, ptr %7, i64 72
  store float %82, ptr %83, align 4, !alias.scope !11, !noalias !15
  %84 = getelementptr inbounds nuw i8, ptr %3, i64 76
  %85 = load float, ptr %84, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %86 = fdiv float %9, %85
  %87 = getelementptr inbounds nuw i8, ptr %7, i64 76
  store float %86, ptr %87, align 4, !alias.scope !11, !noalias !15
  %88 = getelementptr inbounds nuw i8, ptr %3, i64 80
  %89 = load float, ptr %88, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %90 = fdiv float %9, %89
  %91 = getelementptr inbounds nuw i8, ptr %7, i64 80
  store float %90, ptr %91, align 4, !alias.scope !11, !noalias !15
  %92 = getelementptr inbounds nuw i8, ptr %3, i64 84
  %93 = load float, ptr %92, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %94 = fdiv float %9, %93
  %95 = getelementptr inbounds nuw i8, ptr %7, i64 84
  store float %94, ptr %95, align 4, !alias.scope !11, !noalias !15
  %96 = getelementptr inbounds nuw i8, ptr %3, i64 88
  %97 = load float, ptr %96, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %98 = fdiv float %9, %97
  %99 = getelementptr inbounds nuw i8, ptr %7, i64 88
  store float %98, ptr %99, align 4, !alias.scope !11, !noalias !15
  %100 = getelementptr inbounds nuw i8, ptr %3, i64 92
  %101 = load float, ptr %100, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %102 = fdiv float %9, %101
  %103 = getelementptr inbounds nuw i8, ptr %7, i64 92
  store float %102, ptr %103, align 4, !alias.scope !11, !noalias !15
  %104 = getelementptr inbounds nuw i8, ptr %3, i64 96
  %105 = load float, ptr %104, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %106 = fdiv float %9, %105
  %107 = getelementptr inbounds nuw i8, ptr %7, i64 96
  store float %106, ptr %107, align 4, !alias.scope !11, !noalias !15
  %108 = getelementptr inbounds nuw i8, ptr %3, i64 100
  %109 = load float, ptr %108, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %110 = fdiv float %9, %109
  %111 = getelementptr inbounds nuw i8, ptr %7, i64 100
  store float %110, ptr %111, align 4, !alias.scope !11, !noalias !15
  %112 = getelementptr inbounds nuw i8, ptr %3, i64 104
  %113 = load float, ptr %112, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %114 = fdiv float %9, %113
  %115 = getelementptr inbounds nuw i8, ptr %7, i64 104
  store float %114, ptr %115, align 4, !alias.scope !11, !noalias !15
  %116 = getelementptr inbounds nuw i8, ptr %3, i64 108
  %117 = load float, ptr %116, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %118 = fdiv float %9, %117
  %119 = getelementptr inbounds nuw i8, ptr %7, i64 108
  store float %118, ptr %119, align 4, !alias.scope !11, !noalias !15
  %120 = getelementptr inbounds nuw i8, ptr %3, i64 112
  %121 = load float, ptr %120, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %122 = fdiv float %9, %121
  %123 = getelementptr inbounds nuw i8, ptr %7, i64 112
  store float %122, ptr %123, align 4, !alias.scope !11, !noalias !15
  %124 = getelementptr inbounds nuw i8, ptr %3, i64 116
  %125 = load float, ptr %124, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %126 = fdiv float %9, %125
  %127 = getelementptr inbounds nuw i8, ptr %7, i64 116
  store float %126, ptr %127, align 4, !alias.scope !11, !noalias !15
  %128 = getelementptr inbounds nuw i8, ptr %3, i64 120
  %129 = load float, ptr %128, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %130 = fdiv float %9, %129
  %131 = getelementptr inbounds nuw i8, ptr %7, i64 120
  store float %130, ptr %131, align 4, !alias.scope !11, !noalias !15
  %132 = getelementptr inbounds nuw i8, ptr %3, i64 124
  %133 = load float, ptr %132, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %134 = fdiv float %9, %133
  %135 = getelementptr inbounds nuw i8, ptr %7, i64 124
  store float %134, ptr %135, align 4, !alias.scope !11, !noalias !15
  %136 = getelementptr inbounds nuw i8, ptr %3, i64 128
  %137 = load float, ptr %136, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %138 = fdiv float %9, %137
  %139 = getelementptr inbounds nuw i8, ptr %7, i64 128
  store float %138, ptr %139, align 4, !alias.scope !11, !noalias !15
  %140 = getelementptr inbounds nuw i8, ptr %3, i64 132
  %141 = load float, ptr %140, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %142 = fdiv float %9, %141
  %143 = getelementptr inbounds nuw i8, ptr %7, i64 132
  store float %142, ptr %143, align 4, !alias.scope !11, !noalias !15
  %144 = getelementptr inbounds nuw i8, ptr %3, i64 136
  %145 = load float, ptr %144, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %146 = fdiv float %9, %145
  %147 = getelementptr inbounds nuw i8, ptr %7, i64 136
  store float %146, ptr %147, align 4, !alias.scope !11, !noalias !15
  %148 = getelementptr inbounds nuw i8, ptr %3, i64 140
  %149 = load float, ptr %148, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %150 = fdiv float %9, %149
  %151 = getelementptr inbounds nuw i8, ptr %7, i64 140
  store float %150, ptr %151, align 4, !alias.scope !11, !noalias !15
  %152 = getelementptr inbounds nuw i8, ptr %3, i64 144
  %153 = load float, ptr %152, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %154 = fdiv float %9, %153
  %155 = getelementptr inbounds nuw i8, ptr %7, i64 144
  store float %154, ptr %155, align 4, !alias.scope !11, !noalias !15
  %156 = getelementptr inbounds nuw i8, ptr %3, i64 148
  %157 = load float, ptr %156, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %158 = fdiv float %9, %157
  %159 = getelementptr inbounds nuw i8, ptr %7, i64 148
  store float %158, ptr %159, align 4, !alias.scope !11, !noalias !15
  %160 = getelementptr inbounds nuw i8, ptr %3, i64 152
  %161 = load float, ptr %160, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %162 = fdiv float %9, %161
  %163 = getelementptr inbounds nuw i8, ptr %7, i64 152
  store float %162, ptr %163, align 4, !alias.scope !11, !noalias !15
  %164 = getelementptr inbounds nuw i8, ptr %3, i64 156
  %165 = load float, ptr %164, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %166 = fdiv float %9, %165
  %167 = getelementptr inbounds nuw i8, ptr %7, i64 156
  store float %166, ptr %167, align 4, !alias.scope !11, !noalias !15
  %168 = getelementptr inbounds nuw i8, ptr %3, i64 160
  %169 = load float, ptr %168, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %170 = fdiv float %9, %169
  %171 = getelementptr inbounds nuw i8, ptr %7, i64 160
  store float %170, ptr %171, align 4, !alias.scope !11, !noalias !15
  %172 = getelementptr inbounds nuw i8, ptr %3, i64 164
  %173 = load float, ptr %172, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %174 = fdiv float %9, %173
  %175 = getelementptr inbounds nuw i8, ptr %7, i64 164
  store float %174, ptr %175, align 4, !alias.scope !11, !noalias !15
  %176 = getelementptr inbounds nuw i8, ptr %3, i64 168
  %177 = load float, ptr %176, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %178 = fdiv float %9, %177
  %179 = getelementptr inbounds nuw i8, ptr %7, i64 168
  store float %178, ptr %179, align 4, !alias.scope !11, !noalias !15
  %180 = getelementptr inbounds nuw i8, ptr %3, i64 172
  %181 = load float, ptr %180, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %182 = fdiv float %9, %181
  %183 = getelementptr inbounds nuw i8, ptr %7, i64 172
  store float %182, ptr %183, align 4, !alias.scope !11, !noalias !15
  %184 = getelementptr inbounds nuw i8, ptr %3, i64 176
  %185 = load float, ptr %184, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %186 = fdiv float %9, %185
  %187 = getelementptr inbounds nuw i8, ptr %7, i64 176
  store float %186, ptr %187, align 4, !alias.scope !11, !noalias !15
  %188 = getelementptr inbounds nuw i8, ptr %3, i64 180
  %189 = load float, ptr %188, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %190 = fdiv float %9, %189
  %191 = getelementptr inbounds nuw i8, ptr %7, i64 180
  store float %190, ptr %191, align 4, !alias.scope !11, !noalias !15
  %192 = getelementptr inbounds nuw i8, ptr %3, i64 184
  %193 = load float, ptr %192, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %194 = fdiv float %9, %193
  %195 = getelementptr inbounds nuw i8, ptr %7, i64 184
  store float %194, ptr %195, align 4, !alias.scope !11, !noalias !15
  %196 = getelementptr inbounds nuw i8, ptr %3, i64 188
  %197 = load float, ptr %196, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %198 = fdiv float %9, %197
  %199 = getelementptr inbounds nuw i8, ptr %7, i64 188
  store float %198, ptr %199, align 4, !alias.scope !11, !noalias !15
  %200 = getelementptr inbounds nuw i8, ptr %3, i64 192
  %201 = load float, ptr %200, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %202 = fdiv float %9, %201
  %203 = getelementptr inbounds nuw i8, ptr %7, i64 192
  store float %202, ptr %203, align 4, !alias.scope !11, !noalias !15
  %204 = getelementptr inbounds nuw i8, ptr %3, i64 196
  %205 = load float, ptr %204, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %206 = fdiv float %9, %205
  %207 = getelementptr inbounds nuw i8, ptr %7, i64 196
  store float %206, ptr %207, align 4, !alias.scope !11, !noalias !15
  %208 = getelementptr inbounds nuw i8, ptr %3, i64 200
  %209 = load float, ptr %208, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %210 = fdiv float %9, %209
  %211 = getelementptr inbounds nuw i8, ptr %7, i64 200
  store float %210, ptr %211, align 4, !alias.scope !11, !noalias !15
  %212 = getelementptr inbounds nuw i8, ptr %3, i64 204
  %213 = load float, ptr %212, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %214 = fdiv float %9, %213
  %215 = getelementptr inbounds nuw i8, ptr %7, i64 204
  store float %214, ptr %215, align 4, !alias.scope !11, !noalias !15
  %216 = getelementptr inbounds nuw i8, ptr %3, i64 208
  %217 = load float, ptr %216, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %218 = fdiv float %9, %217
  %219 = getelementptr inbounds nuw i8, ptr %7, i64 208
  store float %218, ptr %219, align 4, !alias.scope !11, !noalias !15
  %220 = getelementptr inbounds nuw i8, ptr %3, i64 212
  %221 = load float, ptr %220, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %222 = fdiv float %9, %221
  %223 = getelementptr inbounds nuw i8, ptr %7, i64 212
  store float %222, ptr %223, align 4, !alias.scope !11, !noalias !15
  %224 = getelementptr inbounds nuw i8, ptr %3, i64 216
  %225 = load float, ptr %224, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %226 = fdiv float %9, %225
  %227 = getelementptr inbounds nuw i8, ptr %7, i64 216
  store float %226, ptr %227, align 4, !alias.scope !11, !noalias !15
  %228 = getelementptr inbounds nuw i8, ptr %3, i64 220
  %229 = load float, ptr %228, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %230 = fdiv float %9, %229
  %231 = getelementptr inbounds nuw i8, ptr %7, i64 220
  store float %230, ptr %231, align 4, !alias.scope !11, !noalias !15
  %232 = getelementptr inbounds nuw i8, ptr %3, i64 224
  %233 = load float, ptr %232, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %234 = fdiv float %9, %233
  %235 = getelementptr inbounds nuw i8, ptr %7, i64 224
  store float %234, ptr %235, align 4, !alias.scope !11, !noalias !15
  %236 = getelementptr inbounds nuw i8, ptr %3, i64 228
  %237 = load float, ptr %236, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %238 = fdiv float %9, %237
  %239 = getelementptr inbounds nuw i8, ptr %7, i64 228
  store float %238, ptr %239, align 4, !alias.scope !11, !noalias !15
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 232}
!5 = !{i64 4}
!6 = !{!7}
!7 = distinct !{!7, !8, !"broadcast_divide_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"broadcast_divide_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"broadcast_divide_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"broadcast_divide_fusion_wrapped: argument 2"}
!13 = !{!7, !12}
!14 = !{!10, !12}
!15 = !{!7, !10}
