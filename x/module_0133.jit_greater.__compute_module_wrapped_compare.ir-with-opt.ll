; ModuleID = '__compute_module___compute_module_wrapped_compare'
source_filename = "__compute_module___compute_module_wrapped_compare"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_compare(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %.sroa.0 = alloca [8 x float], align 4
  %.sroa.4 = alloca [8 x float], align 4
  %.sroa.013 = alloca [8 x float], align 4
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3
  %9 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %10 = load ptr, ptr %9, align 8
  %11 = load i64, ptr %10, align 4, !invariant.load !3
  %12 = icmp slt i64 %11, 1
  br i1 %12, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1
  %savedstack = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %4, i64 32, i1 false)
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx, i64 32, i1 false)
  %13 = alloca [16 x float], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %13, ptr noundef nonnull align 1 dereferenceable(64) %6, i64 64, i1 false)
  %14 = alloca [16 x i8], align 64
  %15 = load <8 x float>, ptr %.sroa.0, align 4
  %16 = load <8 x float>, ptr %13, align 4
  %17 = fcmp ogt <8 x float> %15, %16
  %18 = zext <8 x i1> %17 to <8 x i8>
  store <8 x i8> %18, ptr %14, align 64
  %19 = load <8 x float>, ptr %.sroa.4, align 4
  %20 = getelementptr i8, ptr %13, i64 32
  %21 = load <8 x float>, ptr %20, align 4
  %22 = fcmp ogt <8 x float> %19, %21
  %23 = zext <8 x i1> %22 to <8 x i8>
  %24 = getelementptr inbounds nuw i8, ptr %14, i64 8
  store <8 x i8> %23, ptr %24, align 8
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(16) %8, ptr noundef nonnull align 64 dereferenceable(16) %14, i64 16, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %25 = getelementptr i8, ptr %4, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %25, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.1 = getelementptr i8, ptr %4, i64 96
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.1, i64 32, i1 false)
  %26 = alloca [16 x float], align 4
  %27 = getelementptr i8, ptr %6, i64 64
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %26, ptr noundef nonnull align 1 dereferenceable(64) %27, i64 64, i1 false)
  %28 = alloca [16 x i8], align 64
  %29 = load <8 x float>, ptr %.sroa.0, align 4
  %30 = load <8 x float>, ptr %26, align 4
  %31 = fcmp ogt <8 x float> %29, %30
  %32 = zext <8 x i1> %31 to <8 x i8>
  store <8 x i8> %32, ptr %28, align 64
  %33 = load <8 x float>, ptr %.sroa.4, align 4
  %34 = getelementptr i8, ptr %26, i64 32
  %35 = load <8 x float>, ptr %34, align 4
  %36 = fcmp ogt <8 x float> %33, %35
  %37 = zext <8 x i1> %36 to <8 x i8>
  %38 = getelementptr inbounds nuw i8, ptr %28, i64 8
  store <8 x i8> %37, ptr %38, align 8
  %39 = getelementptr i8, ptr %8, i64 16
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(16) %39, ptr noundef nonnull align 64 dereferenceable(16) %28, i64 16, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  %savedstack.2 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %40 = getelementptr i8, ptr %4, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %40, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.2 = getelementptr i8, ptr %4, i64 160
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.2, i64 32, i1 false)
  %41 = alloca [16 x float], align 4
  %42 = getelementptr i8, ptr %6, i64 128
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %41, ptr noundef nonnull align 1 dereferenceable(64) %42, i64 64, i1 false)
  %43 = alloca [16 x i8], align 64
  %44 = load <8 x float>, ptr %.sroa.0, align 4
  %45 = load <8 x float>, ptr %41, align 4
  %46 = fcmp ogt <8 x float> %44, %45
  %47 = zext <8 x i1> %46 to <8 x i8>
  store <8 x i8> %47, ptr %43, align 64
  %48 = load <8 x float>, ptr %.sroa.4, align 4
  %49 = getelementptr i8, ptr %41, i64 32
  %50 = load <8 x float>, ptr %49, align 4
  %51 = fcmp ogt <8 x float> %48, %50
  %52 = zext <8 x i1> %51 to <8 x i8>
  %53 = getelementptr inbounds nuw i8, ptr %43, i64 8
  store <8 x i8> %52, ptr %53, align 8
  %54 = getelementptr i8, ptr %8, i64 32
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(16) %54, ptr noundef nonnull align 64 dereferenceable(16) %43, i64 16, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.2)
  %savedstack.3 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %55 = getelementptr i8, ptr %4, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.0, ptr noundef nonnull align 1 dereferenceable(32) %55, i64 32, i1 false)
  %.sroa.4.0..sroa_idx.3 = getelementptr i8, ptr %4, i64 224
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.4, ptr noundef nonnull align 1 dereferenceable(32) %.sroa.4.0..sroa_idx.3, i64 32, i1 false)
  %56 = alloca [16 x float], align 4
  %57 = getelementptr i8, ptr %6, i64 192
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(64) %56, ptr noundef nonnull align 1 dereferenceable(64) %57, i64 64, i1 false)
  %58 = alloca [16 x i8], align 64
  %59 = load <8 x float>, ptr %.sroa.0, align 4
  %60 = load <8 x float>, ptr %56, align 4
  %61 = fcmp ogt <8 x float> %59, %60
  %62 = zext <8 x i1> %61 to <8 x i8>
  store <8 x i8> %62, ptr %58, align 64
  %63 = load <8 x float>, ptr %.sroa.4, align 4
  %64 = getelementptr i8, ptr %56, i64 32
  %65 = load <8 x float>, ptr %64, align 4
  %66 = fcmp ogt <8 x float> %63, %65
  %67 = zext <8 x i1> %66 to <8 x i8>
  %68 = getelementptr inbounds nuw i8, ptr %58, i64 8
  store <8 x i8> %67, ptr %68, align 8
  %69 = getelementptr i8, ptr %8, i64 48
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(16) %69, ptr noundef nonnull align 64 dereferenceable(16) %58, i64 16, i1 false)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.3)
  %scevgep9.4 = getelementptr i8, ptr %8, i64 64
  %savedstack.4 = tail call ptr @llvm.stacksave.p0()
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.start.p0(ptr nonnull %.sroa.013)
  %scevgep.4 = getelementptr i8, ptr %4, i64 256
  %scevgep6.4 = getelementptr i8, ptr %6, i64 256
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %.sroa.013, ptr noundef nonnull align 4 dereferenceable(32) %scevgep.4, i64 32, i1 false)
  %70 = alloca [16 x float], align 4
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(32) %70, ptr noundef nonnull align 4 dereferenceable(32) %scevgep6.4, i64 32, i1 false)
  %71 = alloca [16 x i8], align 64
  %72 = load <8 x float>, ptr %.sroa.013, align 4
  %73 = load <8 x float>, ptr %70, align 4
  %74 = fcmp ogt <8 x float> %72, %73
  %75 = zext <8 x i1> %74 to <8 x i8>
  store <8 x i8> %75, ptr %71, align 64
  %76 = getelementptr inbounds nuw i8, ptr %71, i64 8
  store <8 x i8> zeroinitializer, ptr %76, align 8
  %77 = load i64, ptr %71, align 64
  store i64 %77, ptr %scevgep9.4, align 1
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.0)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.4)
  call void @llvm.lifetime.end.p0(ptr nonnull %.sroa.013)
  call void @llvm.stackrestore.p0(ptr %savedstack.4)
  br label %._crit_edge

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(ptr captures(none)) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(ptr captures(none)) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
